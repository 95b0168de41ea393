// Writes the index of a chart repository as Flux's source-controller stores it: Helm's IndexFile, read strictly enough,
// validated and sorted as Helm does, as indented JSON. Reads the index on standard input.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	repo "helm.sh/helm/v4/pkg/repo/v1"
)

func main() {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	folder, err := os.MkdirTemp("", "index-*")
	if err != nil {
		fail(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "index.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		fail(err)
	}
	index, err := repo.LoadIndexFile(path)
	if err != nil {
		fail(err)
	}
	text, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		fail(err)
	}
	os.Stdout.Write(text)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
