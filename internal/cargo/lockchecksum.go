package cargo

import "strings"

// oldChecksums reads the checksums that version 1 keeps in [metadata].
func (p *lockParser) oldChecksums() {
	metadata := p.table(p.doc.root.get("metadata"))
	if metadata == nil {
		return
	}
	mixed := p.lock.Version >= 2 || p.inline || p.short
	for _, key := range metadata.keys {
		id, ok := strings.CutPrefix(key, "checksum ")
		if !ok {
			continue
		}
		v := metadata.fields[key]
		sum := p.str(v)
		found, err := p.lookup(id)
		switch {
		case p.err != nil:
			return
		case err != nil:
			fault := v.fault("invalid encoding of checksum in lockfile: %v", err)
			fault.Err = err
			p.fail(fault)
			return
		case mixed:
			fault := v.fault("the lock file mixes the formats of version 1 and later: it has checksums in [metadata]")
			fault.Fix = "This is what a bad merge leaves. Run `cargo generate-lockfile`."
			p.fail(fault)
			return
		case len(found) == 1 && sum != "<none>":
			p.lock.Packages[found[0]].Checksum = sum
		}
	}
}

// finish decides between versions 1 and 2, which have no version field, and
// checks the checksums.
func (p *lockParser) finish() {
	if p.lock.Version == 1 && (p.inline || p.short) {
		p.lock.Version = 2
	}
	for i := range p.lock.Packages {
		pkg := &p.lock.Packages[i]
		pkg.Checksum = strings.ToLower(pkg.Checksum)
		if pkg.Checksum != "" && !(len(pkg.Checksum) == 64 && isCommit(pkg.Checksum)) {
			at := p.entries[i]
			if v := at.get("checksum"); v != nil {
				at = v
			}
			p.fail(at.fault("the checksum of package `%s` is not a SHA-256", pkg.Name))
			return
		}
		if _, replaced := p.lock.replaced[i]; replaced || pkg.Checksum != "" {
			continue
		}
		if id, err := ParseSourceID(pkg.Source); err == nil && id.Kind == SourceRegistry {
			fault := p.entries[i].fault("package `%s` %s comes from a registry and has no checksum in the lock file, "+
				"so what is downloaded cannot be verified", pkg.Name, pkg.Version)
			fault.Fix = "Run `cargo generate-lockfile`, or `cargo update --package " + pkg.Name + "`."
			p.fail(fault)
			return
		}
	}
}
