package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"

	"github.com/sparekey/sparekey"
)

// adoptTable writes the stack's template with a restored table in place of its own.
// A backup comes back as another table, and a stack cannot be told that its table
// has a new name; but it can be given a template in which the table is somebody
// else's, as it then is. The stack lets go of its own, which is retained.
func adoptTable(set *flag.FlagSet) func(context.Context, desk, []string) error {
	stream := set.String("stream", "", "the restored table's stream: LatestStreamArn")
	return func(_ context.Context, d desk, _ []string) error {
		template, err := adopt(string(sparekey.Template), d.rows.Table, *stream)
		if err != nil {
			return err
		}
		d.say("%s", strings.TrimRight(template, "\n"))
		return nil
	}
}

var (
	tableResource  = regexp.MustCompile(`(?m)^  Table:\n(?:    .*\n|\n)+`)
	tableReference = regexp.MustCompile(`!Ref Table\b|\bTable\.\w+|\$\{Table\}|DependsOn: .*\bTable\b`)
	streams        = regexp.MustCompile(`^arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table/([A-Za-z0-9_.-]+)/stream/.+$`)
)

func adopt(template, name, stream string) (string, error) {
	if of := streams.FindStringSubmatch(stream); of == nil || of[1] != name {
		return "", fmt.Errorf("-stream is not a stream of %s; that is an ARN", name)
	}
	if len(tableResource.FindAllString(template, -1)) != 1 {
		return "", errors.New("the template has no Table where it is looked for")
	}
	arn := "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/" + name
	template = tableResource.ReplaceAllString(template, "")
	template = strings.NewReplacer(
		"!GetAtt Table.StreamArn", stream,
		"!GetAtt Table.Arn", `!Sub "`+arn+`"`,
		"${Table.Arn}", arn,
		"!Ref Table\n", name+"\n", "!Ref Table}", name+"}", "!Ref Table]", name+"]", "!Ref Table,", name+",",
		"${Table}", name,
	).Replace(template)
	if left := tableReference.FindString(template); left != "" {
		return "", fmt.Errorf("the template still speaks of its own table: %s", left)
	}
	return template, nil
}
