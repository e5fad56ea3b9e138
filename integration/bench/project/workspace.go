package project

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"unicode"
)

//go:embed testdata/templates
var templates embed.FS

// workspaceVersion is the version of every package of the generated workspace.
const workspaceVersion = "2.3.0"

// The members in layers: a member needs some of the layers below its own.
const (
	baseMembers   = 6  // types that all others use
	middleMembers = 12 // rules and stores

	entitiesPerMember = 2
)

// memberNames are the members, from the bottom layer to the top one. Only the programs need those of the top layer.
var memberNames = []string{
	"identity", "money", "calendar", "address", "language", "measure",
	"catalogue", "pricing", "stock", "customers", "orders", "payments",
	"shipping", "returns", "suppliers", "discounts", "reviews", "contracts",
	"storefront", "checkout", "warehouse", "accounting", "support", "marketing",
	"reporting", "partners", "loyalty", "fraud", "planning", "backoffice",
}

// entityNames are what members keep, store and serve, a few of them each.
var entityNames = []string{"Record", "Entry", "Revision", "Assignment", "Schedule", "Balance", "Policy"}

// workspaceMember is what a member's templates are filled with.
type workspaceMember struct {
	Name, Type string // "orders", "Orders"
	Layer      string // base, middle or top
	Needs      []string
	Entities   []string
	Number     int
}

// workspaceMembers are all members with what they need. It is the same for everybody.
func workspaceMembers() []workspaceMember {
	var all []workspaceMember
	for i, name := range memberNames {
		m := workspaceMember{Name: name, Type: camel(name), Number: i, Layer: "top"}
		below := baseMembers + middleMembers
		switch {
		case i < baseMembers:
			m.Layer, below = "base", 0
		case i < baseMembers+middleMembers:
			m.Layer, below = "middle", baseMembers
		}
		if below > 0 {
			for _, step := range []int{0, 4, 11} { // they differ modulo both sizes, and every member is somebody's need
				m.Needs = append(m.Needs, memberNames[(i*5+step)%below])
			}
		}
		for e := range entitiesPerMember {
			m.Entities = append(m.Entities, m.Type+entityNames[(i+e)%len(entityNames)])
		}
		all = append(all, m)
	}
	return all
}

// WriteWorkspace writes the generated workspace to dir, with its lock file.
func WriteWorkspace(dir string) error {
	if err := writeWorkspaceSources(dir); err != nil {
		return err
	}
	lock, err := testdata.ReadFile("testdata/workspace/Cargo.lock")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "Cargo.lock"), lock, 0o644)
}

// writeWorkspaceSources writes everything but the lock file.
func writeWorkspaceSources(dir string) error {
	t, err := template.New("").Funcs(template.FuncMap{"snake": snake, "camel": camel}).ParseFS(templates, "testdata/templates/*.tmpl")
	if err != nil {
		return err
	}
	members := workspaceMembers()
	var top []workspaceMember
	for _, m := range members {
		files := map[string]string{"Cargo.toml": "member.toml", "src/lib.rs": "lib.rs", "src/model.rs": "model.rs"}
		if m.Layer != "base" {
			files["src/store.rs"], files["src/query.rs"] = "store.rs", "query.rs"
		}
		if m.Layer == "top" {
			files["src/routes.rs"], files["src/client.rs"] = "routes.rs", "client.rs"
			top = append(top, m)
		}
		for file, name := range files {
			if err := render(t, name, filepath.Join(dir, "members", m.Name, file), m); err != nil {
				return err
			}
		}
	}
	for file, name := range map[string]string{
		"Cargo.toml": "root.toml", "apps/api/Cargo.toml": "api.toml", "apps/api/src/main.rs": "api.rs",
		"apps/worker/Cargo.toml": "worker.toml", "apps/worker/src/main.rs": "worker.rs",
	} {
		if err := render(t, name, filepath.Join(dir, file), map[string]any{"Version": workspaceVersion, "Members": members, "Top": top}); err != nil {
			return err
		}
	}
	return nil
}

func render(t *template.Template, name, file string, data any) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := t.ExecuteTemplate(f, name+".tmpl", data); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return f.Close()
}

// camel is a member's name as a type's.
func camel(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// snake is an entity's name as a function's.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
