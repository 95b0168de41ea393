// Batch builds many kustomizations in one process: a line of JSON in ({"files": {path: text}, "binary": {path: base64},
// "path": top, "reorder": "none"}), a line out ({"out": text} or {"err": text}). For differential tests, where a process a
// tree would take hours.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

type question struct {
	Files   map[string]string `json:"files"`
	Binary  map[string][]byte `json:"binary"`
	Path    string            `json:"path"`
	Reorder string            `json:"reorder"`
}

type answer struct {
	Out string `json:"out"`
	Err string `json:"err"`
}

func main() {
	// Deprecation warnings go to standard error; nobody reads them here.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	decoder := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	encoder := json.NewEncoder(writer)
	for {
		var q question
		if err := decoder.Decode(&q); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		if err := encoder.Encode(build(q)); err != nil {
			panic(err)
		}
		// kustomize ends the process on some inputs; what was answered so far must be out by then.
		if err := writer.Flush(); err != nil {
			panic(err)
		}
	}
}

// schemaChanged tells that the build before this one may have set another schema.
var schemaChanged bool

func namesSchema(q question) bool {
	for path, text := range q.Files {
		if strings.HasPrefix(strings.ToLower(filepath.Base(path)), "kustomization") && strings.Contains(strings.ToLower(text), "openapi") {
			return true
		}
	}
	return false
}

func build(q question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Err: fmt.Sprint("panic: ", r)}
		}
	}()
	fs := filesys.MakeFsInMemory()
	contents := map[string][]byte{}
	for path, text := range q.Files {
		contents[path] = []byte(text)
	}
	for path, bytes := range q.Binary {
		contents[path] = bytes
	}
	for path, bytes := range contents {
		if err := fs.MkdirAll(filepath.Dir("/" + path)); err != nil {
			return answer{Err: err.Error()}
		}
		if err := fs.WriteFile("/"+path, bytes); err != nil {
			return answer{Err: err.Error()}
		}
	}
	// The schema is state of the process; each build of the real program begins without any. Reading it takes longer than
	// most builds, so it is kept between builds that cannot change it.
	names := namesSchema(q)
	if names || schemaChanged {
		openapi.ResetOpenAPI()
	}
	schemaChanged = names
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	if q.Reorder == "none" {
		options.Reorder = krusty.ReorderOptionNone
	}
	m, err := krusty.MakeKustomizer(options).Run(fs, "/"+q.Path)
	if err != nil {
		return answer{Err: err.Error()}
	}
	yml, err := m.AsYaml()
	if err != nil {
		return answer{Err: err.Error()}
	}
	return answer{Out: string(yml)}
}
