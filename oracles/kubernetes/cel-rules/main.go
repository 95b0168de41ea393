// Reads lines of {schema, rules}; answers each with what kube-apiserver says of the rules over values of the schema: an error, or the
// most that one may cost.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

type question struct {
	Schema json.RawMessage `json:"schema"`
	Rules  []string        `json:"rules"`
}

func main() {
	envs := environment.MustBaseEnvSet(version.MajorMinor(1, 35))
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var q question
		if err := json.Unmarshal(line, &q); err != nil {
			panic(err)
		}
		var external v1.JSONSchemaProps
		if err := json.Unmarshal(q.Schema, &external); err != nil {
			panic(err)
		}
		var internal apiextensions.JSONSchemaProps
		if err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&external, &internal, nil); err != nil {
			panic(err)
		}
		s, err := structuralschema.NewStructural(&internal)
		if err != nil {
			panic(err)
		}
		for _, r := range q.Rules {
			s.XValidations = append(s.XValidations, v1.ValidationRule{Rule: r})
		}
		d := model.SchemaDeclType(s, true)
		results, err := cel.Compile(s, d, celconfig.PerCallLimit, envs, cel.NewExpressionsEnvLoader())
		if err != nil {
			panic(err)
		}
		var out []map[string]any
		for _, r := range results {
			one := map[string]any{"cost": fmt.Sprint(r.MaxCost), "cardinality": r.MaxCardinality, "old": r.UsesOldSelf}
			if r.Error != nil {
				one = map[string]any{"error": r.Error.Detail}
			}
			out = append(out, one)
		}
		text, _ := json.Marshal(out)
		fmt.Println(string(text))
	}
}
