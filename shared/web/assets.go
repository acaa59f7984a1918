package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"strings"
	"sync"
)

//go:embed assets/*
var assets embed.FS

// digested gives the address of each asset, its name with a digest of its
// contents, so that it may be kept by browsers for a year; and the way back.
var digested = sync.OnceValues(digestAssets)

func digestAssets() (hashed, original map[string]string) {
	hashed, original = map[string]string{}, map[string]string{}
	entries, _ := assets.ReadDir("assets")
	for _, e := range entries {
		body, _ := assets.ReadFile("assets/" + e.Name())
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:4]) + ext
		hashed[e.Name()], original[name] = name, e.Name()
	}
	return hashed, original
}

var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// Asset finds a stylesheet, script or picture by its hashed name.
func Asset(name string) (body []byte, contentType string, ok bool) {
	_, original := digested()
	file, ok := original[name]
	if !ok {
		return nil, "", false
	}
	body, err := assets.ReadFile("assets/" + file)
	return body, types[path.Ext(file)], err == nil
}
