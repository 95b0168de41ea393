// Batch builds many kustomizations in one process: a line of JSON in ({"files": {path: text}, "path": top}), a line out
// ({"out": text} or {"err": text}). For differential tests, where a process a tree would take hours.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

type question struct {
	Files map[string]string `json:"files"`
	Path  string            `json:"path"`
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

func build(q question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Err: fmt.Sprint("panic: ", r)}
		}
	}()
	fs := filesys.MakeFsInMemory()
	for path, text := range q.Files {
		if err := fs.MkdirAll(filepath.Dir("/" + path)); err != nil {
			return answer{Err: err.Error()}
		}
		if err := fs.WriteFile("/"+path, []byte(text)); err != nil {
			return answer{Err: err.Error()}
		}
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
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
