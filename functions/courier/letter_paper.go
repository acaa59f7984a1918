package courier

import (
	"embed"
	"html/template"
	"io"
	"strings"
	plaintext "text/template"
)

// block is one part of a letter; its kind is the name of a template in both
// letter.html and letter.txt, and says which of the fields are filled.
type block struct {
	Kind  string
	Says  line   // the sentence, label or lead-in
	Note  line   // what is said beside it; a button may have none
	URL   string // where a button or link goes
	Code  string
	Items []line
}

// sheet is what a template sees: the block, and the letter that it is in.
type sheet struct {
	block
	Lang, Dir, Align           string
	District, Subject, Preview line
}

//go:embed mail
var papers embed.FS

// The two renderings. Both have one template for each kind of block.
var (
	asHTML = template.Must(template.ParseFS(papers, "mail/letter.html"))
	asText = plaintext.Must(plaintext.ParseFS(papers, "mail/letter.txt"))
)

// paper is either rendering.
type paper interface {
	ExecuteTemplate(out io.Writer, name string, what any) error
}

// on renders the letter: the same walk over the same blocks for both.
func (w *writing) on(p paper) (string, error) {
	s := sheet{Lang: w.language.Code, Dir: w.language.Meta.Dir, Align: "left", District: w.district(), Subject: w.subject(), Preview: w.preview}
	if s.Dir == "rtl" {
		s.Align = "right"
	}
	var out strings.Builder
	for _, s.block = range w.blocks {
		if err := p.ExecuteTemplate(&out, s.Kind, s); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

// district is the district's name, as a line of its own.
func (w *writing) district() line { return line{said: plain(w.District.Name), own: true} }

func (w *writing) subject() line { return w.own("subject", "district", w.District.Name) }

// opened puts what every letter begins and ends with around the blocks.
func (w *writing) opened() {
	w.blocks = append([]block{{Kind: "opening"}}, w.blocks...)
	w.put(block{Kind: "footer", Items: w.footer()})
	if w.language.Code != "en" && w.language.Code != "es" {
		english := writing{letters: w.letters, envelope: w.envelope, language: w.Words.Language("en")}
		w.put(block{Kind: "english", Says: english.common("english"), URL: w.speaking("en", "")})
	}
	w.put(block{Kind: "closing"})
}

// footer says who can be called, and what nobody will ever ask for.
func (w *writing) footer() []line {
	var who []string
	for _, part := range []struct{ opens, text string }{
		{dataOpens, w.District.Office}, {phoneOpens, w.District.Phone}, {dataOpens, w.District.Hours},
	} {
		if text := plain(part.text); text != "" {
			who = append(who, part.opens+text+closes)
		}
	}
	never := w.common("never")
	if len(who) == 0 {
		return []line{never}
	}
	return []line{{said: strings.Join(who, ", ") + ".", own: true}, never}
}
