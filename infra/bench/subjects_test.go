package main

import (
	"path/filepath"
	"slices"
	"testing"
)

// Whatever is deployed is measured.
func TestEveryFunctionIsMeasured(t *testing.T) {
	folders, err := filepath.Glob("../../functions/*/bootstrap")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no functions: %v", err)
	}
	for _, folder := range folders {
		name := filepath.Base(filepath.Dir(folder))
		if !slices.ContainsFunc(programs(&backend{}), func(p *program) bool { return p.name == name }) {
			t.Errorf("%s is not measured", name)
		}
	}
}
