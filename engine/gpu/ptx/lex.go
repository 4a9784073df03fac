package ptx

import (
	"fmt"
	"strings"
)

// token is a word (name, opcode with its modifiers, number, directive), a quoted string or one
// character of punctuation.
type token struct {
	text string
	line int
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c == '%' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// lex splits text into tokens and drops comments.
func lex(text string) ([]token, error) {
	var tokens []token
	line := 1
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(text[i:], "//"):
			if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
				i += end
			} else {
				i = len(text)
			}
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return nil, fmt.Errorf("line %d: the comment does not end", line)
			}
			line += strings.Count(text[i:i+2+end], "\n")
			i += end + 4
		case c == '"':
			end := strings.IndexAny(text[i+1:], "\"\n")
			if end < 0 || text[i+1+end] != '"' {
				return nil, fmt.Errorf("line %d: the string does not end", line)
			}
			tokens = append(tokens, token{text[i : i+end+2], line})
			i += end + 2
		case wordByte(c):
			end := i + 1
			for end < len(text) && (wordByte(text[end]) || strings.HasPrefix(text[end:], "::")) {
				if text[end] == ':' {
					end++
				}
				end++
			}
			tokens = append(tokens, token{text[i:end], line})
			i = end
		case strings.IndexByte("{}[]()<>,;:+-@!|=", c) >= 0:
			tokens = append(tokens, token{text[i : i+1], line})
			i++
		default:
			return nil, fmt.Errorf("line %d: unexpected %q", line, c)
		}
	}
	return tokens, nil
}
