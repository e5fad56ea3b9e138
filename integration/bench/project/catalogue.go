package project

import (
	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/crates"
)

// Def says what a project is made of.
type Def struct {
	// Name is what flags and reports call it.
	Name string
	// Note describes it in a report.
	Note string
	// Crates are packages of crates.io: the first is the project, the others become members of its workspace.
	Crates []crates.Crate
	// Source writes the project's files where it is no published crate.
	Source func(dir string) error
	// Package, Version and Bin are what is built. The program prints Version for --version.
	Package, Version, Bin string
	// EditFile is a source file of the binary, MemberFile one of a member that only binaries depend on, if any.
	EditFile, MemberFile string
}

// Label returns the name, for flags.
func (d Def) Label() string { return d.Name }

// Without are the rows that the project cannot have.
func (d Def) Without() []schedule.Row {
	if d.MemberFile == "" {
		return []schedule.Row{schedule.Member}
	}
	return nil
}

// published is a program whose .crate file has its Cargo.lock.
func published(name, version, sum, edit string) Def {
	return Def{
		Name: name, Package: name, Version: version, Bin: name, EditFile: edit,
		Note: "the package of crates.io as it is", Crates: []crates.Crate{{Name: name, Version: version, SHA256: sum}},
	}
}

// Catalogue are all projects.
var Catalogue = []Def{
	{
		Name: "mdbook-workspace", Package: "mdbook", Version: "0.5.4", Bin: "mdbook", EditFile: "src/main.rs",
		Note: "mdBook's workspace, put together again from its eight published packages",
		Crates: []crates.Crate{
			{Name: "mdbook", Version: "0.5.4", SHA256: "5f68ffebcd0b9a4eb72aaacc4342bc94e1d63c01893b7c921437f6ef02443699"},
			{Name: "mdbook-core", Version: "0.5.4", SHA256: "8725b7f8e94a5c40a00c907e4006301ba2fc06722de489a0cb19db1823fdf200"},
			{Name: "mdbook-driver", Version: "0.5.4", SHA256: "485612ee2a91847760e742ce441673fa127306a43f44e666796f7d99d4592272"},
			{Name: "mdbook-html", Version: "0.5.4", SHA256: "8d25933e4d7cbaa342db9ab9f414c2a09b1c59becb63ad344520370d822ab28a"},
			{Name: "mdbook-markdown", Version: "0.5.4", SHA256: "9ca553aa4330b15fa2c706aef373bc714cc719513d1da73c17be3dba208b9aab"},
			{Name: "mdbook-preprocessor", Version: "0.5.4", SHA256: "f8e75b08763e31982701d5b2680124bd4bd9bed4a4e1b5a499381320ccae199f"},
			{Name: "mdbook-renderer", Version: "0.5.4", SHA256: "75d378308f820f05c6c89e4ec552a3c64a0cc10ccab7dcc93a2baa3bc714ea1b"},
			{Name: "mdbook-summary", Version: "0.5.4", SHA256: "2453622fa7236139365a9acd20314ab859ff747d57ba36ff0d476b64adc75cf8"},
		},
	},
	published("xh", "0.26.3", "4e9ad05064097eb3dfe40b0644ed723f295cf01c6dffba0a691cd2ae9a6f4066", "src/main.rs"),
	{
		Name: "service", Package: "service", Version: "1.4.0", Bin: "service", EditFile: "src/routes.rs",
		Note: "a web service with axum, sqlx and reqwest (testdata/service)", Source: writeService,
	},
	{
		Name: "workspace", Package: "api", Version: workspaceVersion, Bin: "api", EditFile: "apps/api/src/main.rs",
		MemberFile: "members/" + memberNames[len(memberNames)-1] + "/src/lib.rs",
		Note:       "a generated workspace of 30 members and two programs", Source: WriteWorkspace,
	},
	published("bat", "0.26.1", "cf66d0164db6827afe1694b8d4939f36a5507b7186f8d3cc529c66baf03b0d09", "src/bin/bat/main.rs"),
	published("mdbook", "0.5.4", "5f68ffebcd0b9a4eb72aaacc4342bc94e1d63c01893b7c921437f6ef02443699", "src/main.rs"),
	published("hyperfine", "1.20.0", "c5fe697e6fdd7bd20438836076f8901094926ae40cf13f3f7255c1f3f085122c", "src/main.rs"),
}
