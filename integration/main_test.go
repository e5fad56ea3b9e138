package integration

import (
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
