// Record writes what kustomize carries inside as compact tables: the merge keys and scopes of its embedded Kubernetes
// schema, and its default field specifications. Run it in this folder: go run ./record > tables.json
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

const gvkKey = "x-kubernetes-group-version-kind"

// node is a schema as a strategic merge sees it: p properties, i list items, a map values, r a named schema.
type node struct {
	P map[string]*node `json:"p,omitempty"`
	I *node            `json:"i,omitempty"`
	A *node            `json:"a,omitempty"`
	R string           `json:"r,omitempty"`
	S string           `json:"s,omitempty"`
	K []string         `json:"k,omitempty"`
}

func main() {
	definitions := openapi.Schema().Definitions
	useful := findUseful(definitions)
	names := map[string]*node{}
	kinds := map[string]string{}
	for name := range useful {
		d := definitions[name]
		names[short(name)] = shape(&d, useful)
	}
	scopes := map[string]bool{}
	candidates := append(allKinds(definitions), precomputed()...)
	for _, t := range candidates {
		if isNamespaced, found := openapi.IsNamespaceScoped(t); found {
			scopes[t.APIVersion+"|"+t.Kind] = isNamespaced
		}
	}
	for name, d := range definitions {
		if !useful[name] {
			continue
		}
		for _, t := range kindsOf(d) {
			kinds[t.APIVersion+"|"+t.Kind] = short(name)
		}
	}
	out, err := json.Marshal(map[string]interface{}{
		"version": version("sigs.k8s.io/kustomize/kustomize/v5") + ", schema " + openapi.GetSchemaVersion(),
		"schemas": names, "kinds": kinds, "namespaced": listOf(scopes, true), "cluster": listOf(scopes, false),
		"precomputed": precomputedNames(), "fields": fieldSpecs(),
	})
	check(err)
	fmt.Println(string(out))
}

func listOf(scopes map[string]bool, want bool) []string {
	var list []string
	for name, is := range scopes {
		if is == want {
			list = append(list, name)
		}
	}
	sort.Strings(list)
	return list
}

func short(name string) string { return strings.TrimPrefix(name, "io.k8s.") }

// findUseful returns the definitions below which some list merges by key.
func findUseful(definitions spec.Definitions) map[string]bool {
	useful := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for name, d := range definitions {
			if !useful[name] && leadsToMerge(&d, useful) {
				useful[name], changed = true, true
			}
		}
	}
	return useful
}

func leadsToMerge(s *spec.Schema, useful map[string]bool) bool {
	if s == nil {
		return false
	}
	if _, found := s.Extensions["x-kubernetes-patch-strategy"]; found {
		return true
	}
	if ref := s.Ref.String(); ref != "" {
		return useful[strings.TrimPrefix(ref, "#/definitions/")]
	}
	for _, p := range s.Properties {
		if leadsToMerge(&p, useful) {
			return true
		}
	}
	if s.Items != nil && leadsToMerge(s.Items.Schema, useful) {
		return true
	}
	return s.AdditionalProperties != nil && leadsToMerge(s.AdditionalProperties.Schema, useful)
}

func shape(s *spec.Schema, useful map[string]bool) *node {
	if ref := s.Ref.String(); ref != "" {
		return &node{R: short(strings.TrimPrefix(ref, "#/definitions/"))}
	}
	n := &node{}
	for name, p := range s.Properties {
		if leadsToMerge(&p, useful) {
			if n.P == nil {
				n.P = map[string]*node{}
			}
			n.P[name] = shape(&p, useful)
		}
	}
	if s.Items != nil && leadsToMerge(s.Items.Schema, useful) {
		n.I = shape(s.Items.Schema, useful)
	}
	if s.AdditionalProperties != nil && leadsToMerge(s.AdditionalProperties.Schema, useful) {
		n.A = shape(s.AdditionalProperties.Schema, useful)
	}
	rs := openapi.ResourceSchema{Schema: s}
	n.S, n.K = rs.PatchStrategyAndKeyList()
	return n
}

func kindsOf(d spec.Schema) (list []kyaml.TypeMeta) {
	exts, _ := d.Extensions[gvkKey].([]interface{})
	for _, e := range exts {
		m, ok := e.(map[string]interface{})
		if !ok {
			continue
		}
		version := m["version"].(string)
		if g, _ := m["group"].(string); g != "" {
			version = g + "/" + version
		}
		list = append(list, kyaml.TypeMeta{APIVersion: version, Kind: m["kind"].(string)})
	}
	return list
}

func allKinds(definitions spec.Definitions) (list []kyaml.TypeMeta) {
	for _, d := range definitions {
		list = append(list, kindsOf(d)...)
	}
	return list
}

func moduleFolder(module string) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	check(err)
	return strings.TrimSpace(string(out))
}

func version(module string) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	check(err)
	return "kustomize " + strings.TrimSpace(string(out))
}

// precomputed reads the table of scopes that kustomize looks at before any schema.
func precomputed() (list []kyaml.TypeMeta) {
	source, err := os.ReadFile(filepath.Join(moduleFolder("sigs.k8s.io/kustomize/kyaml"), "openapi", "openapi.go"))
	check(err)
	entry := regexp.MustCompile(`\{APIVersion: "([^"]+)", Kind: "([^"]+)"\}:\s+(true|false)`)
	for _, m := range entry.FindAllStringSubmatch(string(source), -1) {
		list = append(list, kyaml.TypeMeta{APIVersion: m[1], Kind: m[2]})
	}
	return list
}

func precomputedNames() (list []string) {
	for _, t := range precomputed() {
		list = append(list, t.APIVersion+"|"+t.Kind)
	}
	sort.Strings(list)
	return list
}

// fieldSpecs joins the YAML constants of kustomize's default configuration; some are sums of others.
func fieldSpecs() map[string]interface{} {
	folder := filepath.Join(moduleFolder("sigs.k8s.io/kustomize/api"), "internal", "konfig", "builtinpluginconsts")
	packages, err := parser.ParseDir(token.NewFileSet(), folder, nil, 0)
	check(err)
	values := map[string]ast.Expr{}
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
				for i, name := range spec.Names {
					values[name.Name] = spec.Values[i]
				}
			}
			return true
		})
	}
	all := map[string]interface{}{}
	for _, value := range values {
		part := map[string]interface{}{}
		// A constant that is a list alone is a summand of others.
		if yaml.Unmarshal([]byte(textOf(value, values)), &part) == nil {
			for key, list := range part {
				all[key] = list
			}
		}
	}
	return all
}

func textOf(e ast.Expr, values map[string]ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		check(err)
		return text
	case *ast.BinaryExpr:
		return textOf(e.X, values) + textOf(e.Y, values)
	case *ast.Ident:
		return textOf(values[e.Name], values)
	}
	return ""
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
