package cargo

import (
	"io/fs"
	"strings"
)

// Project is a project of this package's tables, for tests that compare with
// the real cargo and so cannot be in this package.
type Project struct {
	Name     string
	Files    map[string]string
	Manifest string // "" for Cargo.toml
	Message  string // of the fault, "" when it is accepted
}

// AcceptedProjects returns the projects that the tables expect to load.
func AcceptedProjects() []Project {
	var all []Project
	add := func(name string, f files) { all = append(all, Project{Name: name, Files: f}) }
	for _, tc := range memberCases() {
		add("members/"+tc.name, tc.files())
	}
	for _, tc := range targetCases {
		f := files{"Cargo.toml": "[package]\nname = \"my-app\"\nversion = \"0.1.0\"\nedition = \"" + tc.edition + "\"\n" + tc.rest}
		for _, name := range strings.Fields(tc.files) {
			f[name] = ""
		}
		if !strings.Contains(tc.rest, "..") {
			add("targets/"+tc.name, f)
		}
	}
	for _, tc := range dependencyCases {
		f := app(tc.rest).with(files{".cargo/config.toml": "[registries.corp]\nindex = \"https://h/corp\"\n"})
		if strings.Contains(tc.rest, "libs/c") {
			f["libs/c/Cargo.toml"], f["libs/c/src/lib.rs"] = lib("c", ""), ""
		}
		add("dependencies/"+tc.name, f)
	}
	for _, tc := range featureCases {
		add("features/"+tc.name, app(featureDependencies+tc.features))
	}
	return all
}

// RefusedProjects returns the projects that the tables expect to be refused.
func RefusedProjects() []Project {
	var all []Project
	for _, tc := range manifestFaults {
		all = append(all, Project{Name: "manifest/" + tc.name, Files: app(tc.rest), Message: tc.message})
	}
	for _, tc := range packageFaults {
		all = append(all, Project{Name: "package/" + tc.name, Files: app("").with(files{"Cargo.toml": tc.manifest}), Message: tc.message})
	}
	for _, tc := range workspaceFaults {
		all = append(all, Project{Name: "workspace/" + tc.name, Files: virtual(tc.root, tc.extra), Manifest: tc.manifest, Message: tc.message})
	}
	return all
}

// LoadManifests loads a project without its lock file.
func LoadManifests(fsys fs.FS) (*Workspace, error) {
	l := &loader{tree: newTree(fsys), manifests: map[string]*manifest{}, packages: map[string]*Package{}}
	m, err := l.findMembers("Cargo.toml")
	if err != nil {
		return nil, err
	}
	ws, err := l.describe(m)
	if err != nil {
		return nil, err
	}
	ws.Config = &Config{}
	if err := l.patches(ws, m.root); err != nil {
		return nil, err
	}
	return ws, l.pathPackages(ws)
}
