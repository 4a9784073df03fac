package kit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Parsers of common rows: each function returns a row's Take from a setter.

func Word[T any](set func(*T, string)) func(*T, string) error {
	return func(into *T, text string) error {
		set(into, text)
		return nil
	}
}

var NoYes = []string{"no", "yes"}

// Yes is for rows with the words noYes.
func Yes[T any](set func(*T, bool)) func(*T, string) error {
	return Word(func(into *T, text string) { set(into, text == "yes") })
}

func YesText(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func Whole[T any](set func(*T, int)) func(*T, string) error {
	return func(into *T, text string) error {
		n, err := strconv.Atoi(strings.ReplaceAll(text, ",", "")) // as displayed
		if err != nil {
			return fmt.Errorf("not an integer")
		}
		set(into, n)
		return nil
	}
}

func Decimal[T any](parse func(string) (float64, error), set func(*T, float64)) func(*T, string) error {
	return func(into *T, text string) error {
		v, err := parse(text)
		if err == nil {
			set(into, v)
		}
		return err
	}
}

// Optional keeps the setting if the text is empty.
func Optional[T any](take func(*T, string) error) func(*T, string) error {
	return func(into *T, text string) error {
		if text == "" {
			return nil
		}
		return take(into, text)
	}
}

func ParseReal(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0, fmt.Errorf("not a number")
	}
	return v, nil
}

// ParseEpsilon parses a number, or a quotient such as 8/255.
func ParseEpsilon(text string) (float64, error) { return ParseFraction(text, ParseReal) }

// ParseFraction parses a number, or a quotient such as 8/255, with parse for each number.
func ParseFraction(text string, parse func(string) (float64, error)) (float64, error) {
	above, below, divided := strings.Cut(text, "/")
	v, err := parse(above)
	if err != nil {
		return 0, err
	}
	if divided {
		d, err := parse(below)
		switch {
		case err != nil:
			return 0, err
		case d == 0:
			return 0, fmt.Errorf("division by 0")
		}
		v /= d
	}
	if math.IsNaN(v) {
		return 0, fmt.Errorf("not a number")
	}
	return v, nil
}

func ParseWholes(text string) (list []int, err error) {
	if text == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("not a list of integers")
		}
		list = append(list, n)
	}
	return list, nil
}
