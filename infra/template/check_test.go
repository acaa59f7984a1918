package template_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/template"
)

var repository = os.DirFS("../..")

func TestTheTemplateIsAsThisProjectWantsIt(t *testing.T) {
	if err := template.Check(sparekey.Template, repository); err != nil {
		t.Error(err)
	}
}

// TestEveryMistakeIsFound plants one mistake at a time: a check that never failed
// is no check.
func TestEveryMistakeIsFound(t *testing.T) {
	const anyGet = "Action: [dynamodb:GetItem]"
	for name, c := range map[string]struct{ old, mistake, says string }{
		"a variable beside another":        {`"/{district}/home"`, `"/{school}/home"`, "beside"},
		"a greedy variable at the root":    {`"/help/{code}"`, `"/{proxy+}"`, "beside"},
		"another variable below":           {`"/{district}/not-me/{token}"`, `"/{district}/{page}"`, "beside"},
		"a route that is served twice":     {`"/{district}/home"`, `"/{district}/code"`, "serve it"},
		"a method":                         {`Path: "/{district}/home", Method: ANY`, `Path: "/{district}/home", Method: GET`, "want ANY"},
		"one minutes":                      {"rate(1 minute)", "rate(1 minutes)", "one minute"},
		"five minute":                      {"rate(1 minute)", "rate(5 minute)", "two minutes"},
		"a rate of nothing":                {"rate(1 minute)", "rate(0 minutes)", "no rate"},
		"a cron":                           {"rate(1 minute)", "cron(0 6)", "no rate"},
		"an event nobody reads":            {"Type: Schedule,", "Type: SNS,", "type SNS"},
		"no program":                       {"functions/signin/bootstrap/", "functions/sign/bootstrap/", "CodeUri"},
		"the whole repository":             {"CodeUri: functions/signin/bootstrap/", "CodeUri: .", "CodeUri"},
		"a package that is no program":     {"functions/signin/bootstrap/", "functions/signin/", "CodeUri"},
		"two functions with one log":       {"LogGroup: !Ref SignInLog", "LogGroup: !Ref PagesLog", "log group"},
		"no log group":                     {"      LoggingConfig: {LogGroup: !Ref SignInLog}\n", "", "log group"},
		"everything of the table":          {anyGet, `Action: ["dynamodb:*"]`, "no function's"},
		"a scan":                           {anyGet, "Action: [dynamodb:GetItem, dynamodb:Scan]", "Scan"},
		"statements of text":               {anyGet, "Action: [dynamodb:PartiQLSelect]", "PartiQL"},
		"keys of all kinds":                {`["DISTRICT#*"]`, `["*"]`, "not one kind"},
		"no keys":                          {`              Condition: {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["DISTRICT#*"]}}` + "\n", "", "LeadingKeys"},
		"the audit deleted":                {`dynamodb:LeadingKeys": ["ACCOUNT#*"]`, `dynamodb:LeadingKeys": ["ACCOUNT#*", "AUDIT#*"]`, "only grows"},
		"the audit rewritten":              {`dynamodb:LeadingKeys": ["COUNT#*"]`, `dynamodb:LeadingKeys": ["COUNT#*", "AUDIT#*"]`, "only grows"},
		"every pool":                       {"Resource: !GetAtt Pool.Arn", `Resource: "*"`, "everything"},
		"users listed":                     {"cognito-idp:AdminCreateUser", "cognito-idp:ListUsers", "ListUsers"},
		"a path in the access log":         {"$context.resourcePath", "$context.path", "$context.path"},
		"an address in the access log":     {`"$context.status"`, `"$context.identity.sourceIp"`, "sourceIp"},
		"a header in the access log":       {`"$context.status"`, `"$input.params(Cookie)"`, "no $context"},
		"data trace":                       {"DataTraceEnabled: false", "DataTraceEnabled: true", "DataTrace"},
		"execution logs":                   {`LoggingLevel: "OFF"`, "LoggingLevel: INFO", "LoggingLevel"},
		"traces":                           {"TracingEnabled: false", "TracingEnabled: true", "Tracing"},
		"a second origin":                  {"DisableExecuteApiEndpoint: true", "DisableExecuteApiEndpoint: false", "ExecuteApi"},
		"WAF samples":                      {"SampledRequestsEnabled: false", "SampledRequestsEnabled: true", "Sampled"},
		"WAF paths":                        {"        - UriPath: {}\n", "", "RedactedFields"},
		"a WAF rule about bodies":          {"RateBasedStatement: {", "ManagedRuleGroupStatement: {", "looks into"},
		"images in the stream":             {"StreamViewType: KEYS_ONLY", "StreamViewType: NEW_IMAGE", "StreamViewType"},
		"bodies in an index":               {"ProjectionType: KEYS_ONLY", "ProjectionType: ALL", "Projection"},
		"Amazon's own key":                 {", KMSMasterKeyId: !GetAtt Key.Arn", "", "KMSMasterKeyId"},
		"users who sign up":                {"AllowAdminCreateUserOnly: true", "AllowAdminCreateUserOnly: false", "AdminCreateUser"},
		"users who recover past us":        {"Name: admin_only", "Name: verified_email", "Recovery"},
		"a public way to sign in":          {"[ALLOW_ADMIN_USER_PASSWORD_AUTH]", "[ALLOW_USER_PASSWORD_AUTH]", "ExplicitAuthFlows"},
		"attributes that anybody writes":   {"WriteAttributes: [updated_at]", "WriteAttributes: []", "WriteAttributes"},
		"a log for ever":                   {"RetentionInDays: !Ref LogDays, ", "", "RetentionInDays"},
		"a refusal with another status":    {"        THROTTLED: # all families together; waiting helps\n          StatusCode: 429", "        THROTTLED:\n          StatusCode: 503", "THROTTLED"},
		"a refusal nobody explains":        {"/help/too-large", "/help/too-big", "no problem of ours"},
		"a refusal without a wait":         {`, Retry-After: "'5'"`, "", "Retry-After"},
		"a refusal in API Gateway's words": {"        WAF_FILTERED:", "        EXPIRED_TOKEN:", "WAF_FILTERED"},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(sparekey.Template)
			if !strings.Contains(text, c.old) {
				t.Fatalf("cannot plant it: %q is not in the template", c.old)
			}
			err := template.Check([]byte(strings.Replace(text, c.old, c.mistake, 1)), repository)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a word of %q", err, c.says)
			}
		})
	}
}
