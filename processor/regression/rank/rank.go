// Package rank compares two samples by the order of their values. Samples go in, the probability of such an order by chance, and by how
// much one lies above the other, come out. It is pure. Slices that are given are sorted in place where that is said.
package rank

import (
	"math"
	"slices"
)

// exactLimit is up to which size of the smaller sample the distribution is counted out. Above it the normal distribution is close enough.
const exactLimit = 12

// Greater is the one-sided p-value of the test of Mann and Whitney (1947): how likely x lies as far above y as it does, if both come from one
// distribution. Both are sorted. Equal values get the mean of their ranks. A small sample is compared with the exact distribution, which
// with equal values errs on the safe side; large ones with the normal one, corrected for ties and continuity (Hollander and Wolfe,
// Nonparametric Statistical Methods, section 4.1).
func Greater(x, y []float64) float64 {
	n, m := len(x), len(y)
	if n == 0 || m == 0 {
		return 1
	}
	slices.Sort(x)
	slices.Sort(y)
	u, ties := statistic(x, y)
	if min(n, m) <= exactLimit {
		return upper(n, m, int(math.Floor(u)))
	}
	nm, all := float64(n)*float64(m), float64(n+m)
	variance := nm / 12 * (all + 1 - ties/(all*(all-1)))
	if variance <= 0 {
		return 1 // all values are one
	}
	return 0.5 * math.Erfc((u-nm/2-0.5)/math.Sqrt(2*variance))
}

// statistic is in how many of all pairs x is above y, halves where they are equal, and the sum of t^3-t over groups of t equal values.
func statistic(x, y []float64) (u, ties float64) {
	below := 0 // of y
	for i, j := 0, 0; i < len(x) || j < len(y); {
		v := math.Inf(1)
		if i < len(x) {
			v = x[i]
		}
		if j < len(y) {
			v = min(v, y[j])
		}
		inX, inY := 0, 0
		for ; i < len(x) && x[i] == v; i++ {
			inX++
		}
		for ; j < len(y) && y[j] == v; j++ {
			inY++
		}
		if inX+inY == 0 {
			break // not a number
		}
		u += float64(inX) * (float64(below) + float64(inY)/2)
		below += inY
		t := float64(inX + inY)
		ties += t*t*t - t
	}
	return u, ties
}

// upper is how likely the statistic is u or more without ties. The number of orders with each value of the statistic is a coefficient
// of the Gaussian binomial: the product of (1-q^(m+i))/(1-q^i) for i from 1 to n.
func upper(n, m, u int) float64 {
	if n > m {
		n, m = m, n
	}
	most := n * m
	low := most - u // P(U >= u) = P(U <= low)
	if low < 0 {
		return 0
	}
	low = min(low, most)
	// share[k] is the probability of k, up to low: coefficients beyond do not matter to those below.
	share := make([]float64, low+1)
	share[0] = 1
	for i := 1; i <= n; i++ {
		for k := low; k >= m+i; k-- {
			share[k] -= share[k-m-i]
		}
		for k := i; k <= low; k++ {
			share[k] += share[k-i]
		}
		scale := float64(i) / float64(m+i) // the coefficients add up to the binomial
		for k := range share {
			share[k] *= scale
		}
	}
	sum := 0.0
	for _, p := range share {
		sum += p
	}
	return min(max(sum, 0), 1)
}
