// Batch runs many commands of helm in one process: a line of JSON in ({"files": {path: text}, "bytes": {path: base64},
// "words": ["template", "r", "top", …]}, the files standing in the folder in which the command runs), a line out
// ({"ok": true, "out": …} or {"ok": false, "error": …}). For differential tests, where a process a case would take hours.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	helmcmd "helm.sh/helm/v4/pkg/cmd"
)

type question struct {
	Files map[string]string `json:"files"`
	Bytes map[string][]byte `json:"bytes"`
	Words []string          `json:"words"`
}

type answer struct {
	Ok    bool   `json:"ok"`
	Out   string `json:"out,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	// Warnings go to standard error; nobody reads them here.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	root, err := os.MkdirTemp("", "keelson-helm-batch-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(root)
	decoder := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	for number := 0; ; number++ {
		var q question
		if err := decoder.Decode(&q); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		folder := filepath.Join(root, fmt.Sprint(number))
		a := run(folder, q)
		os.RemoveAll(folder)
		if err := encoder.Encode(a); err != nil {
			panic(err)
		}
	}
}

func write(folder string, q question) error {
	files := maps.Clone(q.Bytes)
	if files == nil {
		files = map[string][]byte{}
	}
	for path, text := range q.Files {
		files[path] = []byte(text)
	}
	for path, data := range files {
		full := filepath.Join(folder, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, data, 0o644); err != nil {
			return err
		}
	}
	return os.Chdir(folder)
}

func run(folder string, q question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Error: fmt.Sprint("panic: ", r)}
		}
	}()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		panic(err)
	}
	if err := write(folder, q); err != nil {
		panic(err)
	}
	var out bytes.Buffer
	command, err := helmcmd.NewRootCmd(&out, q.Words, func(bool) {})
	if err != nil {
		return answer{Error: err.Error()}
	}
	command.SetArgs(q.Words)
	command.SetOut(&out)
	command.SetErr(io.Discard)
	if err := command.Execute(); err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Ok: true, Out: out.String()}
}
