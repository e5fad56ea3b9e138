package options

import (
	"fmt"
	"slices"
	"strings"
)

// Values of the sbom option.
const (
	// SBOMSPDX attaches an SPDX document.
	SBOMSPDX = "spdx"
	// SBOMCycloneDX attaches a CycloneDX document, too.
	SBOMCycloneDX = "cyclonedx"
)

func parseAuditable(o *Options, v value) (err error) {
	o.Auditable, err = v.boolean()
	return err
}

func parseSBOM(o *Options, v value) error {
	text, err := v.str()
	if err != nil {
		return err
	}
	known := []string{SBOMSPDX, SBOMCycloneDX}
	if !slices.Contains(known, text) {
		return v.fault(fmt.Sprintf("`%s` is no form of an SBOM", clip(text)),
			"forms: "+strings.Join(known, ", ")+"; whether one is attached is said by --sbom or --attest type=sbom")
	}
	o.SBOM = text
	return nil
}

func parseLockedImages(o *Options, v value) (err error) {
	o.LockedImages, err = v.boolean()
	return err
}
