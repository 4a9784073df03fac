package attack

// FGSMMethod is the fast gradient sign method (Goodfellow et al. 2015): one step of ε.
const FGSMMethod = "fgsm"

var fgsm = Method{
	Name:        FGSMMethod,
	Description: "one gradient step of ε (Goodfellow et al. 2015)",
	Norms:       bothNorms,
	Gradient:    true,
	Band:        true,
	StepSize:    func(o Options) float64 { return o.Epsilon },
	Cost:        gradientCost,
	attacker:    func() attacker { return &restarts{} },
}
