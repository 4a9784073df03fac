package source

// functionNumbers are the numbers of functions.h, by the names of op.Functions.
var functionNumbers = map[string]int{
	"relu": 1, "affine": 2, "clip": 3, "leakyrelu": 4, "sigmoid": 5, "silu": 6, "hardsigmoid": 7, "hardswish": 8,
	"elu": 9, "selu": 10, "tanh": 11, "softplus": 12, "softsign": 13, "mish": 14, "gelu": 15, "gelutanh": 16,
	"erf": 17, "exp": 18, "log": 19, "sqrt": 20, "abs": 21, "reciprocal": 22, "pow": 23, "thresholdrelu": 24,
}

// CheapFunctions is the greatest number of cheap_function_of.
const CheapFunctions = 8

// Function returns the number by which function_of and slope_of of functions.h know a function of
// op.Map's, or "relu"; 0 is the identity, "".
func Function(name string) (number int, ok bool) {
	number, ok = functionNumbers[name]
	return number, ok || name == ""
}
