package supply_test

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// bill is a bill of materials in CycloneDX, as far as we rely on it.
type bill struct {
	Format     string `json:"bomFormat"`
	Version    string `json:"specVersion"`
	Metadata   struct{ Component component }
	Components []component
}

type component struct {
	Name, Version, Purl string
	Evidence            struct{ Licenses []json.RawMessage }
}

// missing compares a bill with what a program says it is made of, each way.
func (b bill) missing(made []string) (unlisted, unused []string) {
	var listed []string
	for _, c := range b.Components {
		listed = append(listed, c.Name+"@"+c.Version)
	}
	for _, m := range made {
		if !slices.Contains(listed, m) {
			unlisted = append(unlisted, m)
		}
	}
	for _, l := range listed {
		if !slices.Contains(made, l) {
			unused = append(unused, l)
		}
	}
	return unlisted, unused
}

func TestABillThatIsNotTheProgramIsFound(t *testing.T) {
	t.Parallel()
	b := bill{Components: []component{{Name: "a", Version: "v1"}, {Name: "b", Version: "v2"}}}
	for _, c := range []struct {
		name             string
		made             []string
		unlisted, unused int
	}{
		{"the same", []string{"b@v2", "a@v1"}, 0, 0},
		{"a module is left out", []string{"a@v1", "b@v2", "c@v3"}, 1, 0},
		{"a module is too much", []string{"a@v1"}, 0, 1},
		{"another version", []string{"a@v1", "b@v3"}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if unlisted, unused := b.missing(c.made); len(unlisted) != c.unlisted || len(unused) != c.unused {
				t.Errorf("unlisted %q, unused %q", unlisted, unused)
			}
		})
	}
}

// TestBillsOfMaterials reads what make sbom wrote, beside the programs that make
// build built: the linker's list of what is inside is not the bill's author.
func TestBillsOfMaterials(t *testing.T) {
	tool(t, "bin/cyclonedx-gomod")
	folders, err := filepath.Glob(filepath.Join(root, "functions", "*", "bootstrap"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no functions: %v", err)
	}
	for _, folder := range folders {
		function := filepath.Base(filepath.Dir(folder))
		t.Run(function, func(t *testing.T) {
			info, err := buildinfo.ReadFile(filepath.Join(root, "build", function, "bootstrap"))
			if err != nil {
				t.Fatal(err)
			}
			made := []string{"std@" + info.GoVersion}
			for _, dep := range info.Deps {
				made = append(made, dep.Path+"@"+dep.Version)
			}
			b := readBill(t, function)
			if unlisted, unused := b.missing(made); len(unlisted)+len(unused) > 0 {
				t.Errorf("in the program and not on the bill: %q; on the bill and not in the program: %q", unlisted, unused)
			}
			if b.Metadata.Component.Name != info.Main.Path {
				t.Errorf("the bill of %s is of %s", info.Main.Path, b.Metadata.Component.Name)
			}
			for _, c := range b.Components {
				if c.Purl == "" || len(c.Evidence.Licenses) == 0 && c.Name != "std" { // Go's own is not beside its sources
					t.Errorf("%s: purl %q, %d licences", c.Name, c.Purl, len(c.Evidence.Licenses))
				}
			}
		})
	}
}

func readBill(t *testing.T, function string) (b bill) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "build", "sbom", function+".json"))
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil {
		t.Fatalf("%v; make sbom writes it", err)
	}
	if b.Format != "CycloneDX" || b.Version == "" {
		t.Errorf("format %q %q", b.Format, b.Version)
	}
	return b
}
