package printable

import "testing"

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"plain":                 "plain",
		"a\tb\nc\r\nd":          "a b c  d",
		"\u00a0no break":        " no break",
		"\x1b]0;title\x07x":     "]0;titlex",
		"\u009b31mred":          "31mred",
		"bad \xff\xfe utf":      "bad  utf",
		"right\u202eto\u2066l":  "righttol",
		"zero\u200bwidth\ufeff": "zerowidth",
		"private\ue000use":      "privateuse",
		"日本語 é e\u0301":         "日本語 é e\u0301",
		"\x00\x01\x7f":          "",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
}
