"""Plain Python: loops over lists, the math module, a Cholesky factorization by hand."""

import math


def surprise(p):
    return -math.log(p) if p > 0 else 0.0


def information(joint, unit):
    rows = joint.tolist()
    h_x = h_y_given_x = 0.0
    for row in rows:
        p_x = sum(row)
        h_x += p_x * surprise(p_x)
        h_y_given_x += sum(p * surprise(p / p_x) for p in row if p > 0)
    h_y = sum(sum(column) * surprise(sum(column)) for column in zip(*rows, strict=True))
    size = {"nats": 1, "bits": math.log(2)}[unit]
    return [h_x / size, h_y_given_x / size, (h_y - h_y_given_x) / size]


def kl_from_logits(a, b):
    def log_sum(row):
        top = max(row)
        return top + math.log(sum(math.exp(v - top) for v in row))

    result = []
    for row_a, row_b in zip(a.tolist(), b.tolist(), strict=True):
        total, total_a, total_b = 0.0, log_sum(row_a), log_sum(row_b)
        for v, w in zip(row_a, row_b, strict=True):
            p = math.exp(v - total_a)
            if p > 0:
                total += p * ((v - total_a) - (w - total_b))
        result.append(total)
    return result


def cholesky(matrix):
    """Return the lower triangle whose product with its transpose is the matrix."""
    root = []
    for i, row in enumerate(matrix):
        new = []
        for j in range(i + 1):
            rest = row[j] - sum(
                a * b for a, b in zip(new, (root[j] if j < i else new), strict=False)
            )
            new.append(math.sqrt(rest) if i == j else rest / root[j][j])
        root.append(new)
    return root


def solve(root, vector):
    """Solve for a vector, given the Cholesky factor of a matrix."""
    n, half, full = len(vector), [], [0.0] * len(vector)
    for i in range(n):
        rest = vector[i] - sum(u * v for u, v in zip(root[i], half, strict=False))
        half.append(rest / root[i][i])
    for i in reversed(range(n)):
        rest = half[i] - sum(root[j][i] * full[j] for j in range(i + 1, n))
        full[i] = rest / root[i][i]
    return full


def kl_precision(eta_a, precision_a, eta_b, precision_b):
    k = len(eta_b)
    root_a, root_b = cholesky(precision_a.tolist()), cholesky(precision_b.tolist())
    columns = [solve(root_a, row) for row in precision_b.tolist()]
    shape = sum(columns[i][i] for i in range(k)) - k
    shape += sum(2 * math.log(root_a[i][i] / root_b[i][i]) for i in range(k))
    mean_b = solve(root_b, eta_b.tolist())
    result = []
    for eta in eta_a.tolist():
        d = [u - v for u, v in zip(solve(root_a, eta), mean_b, strict=True)]
        place = sum(precision_b[i, j] * d[i] * d[j] for i in range(k) for j in range(k))
        result.append((shape + place) / 2)
    return result


def kl_estimate(log_p, log_q, wanted):
    n, total, squares = 0, 0.0, 0.0
    for u, v in zip(log_p, log_q, strict=True):
        n += 1
        total += u - v
        squares += (u - v) ** 2
    mean = total / n
    variance = (squares - n * mean**2) / (n - 1)
    return mean, (variance / n) ** 0.5, variance / wanted**2


def two_fits(x, p, means, stds):
    x, p = x.tolist(), p.tolist()
    total = sum(p)
    mean = sum(u * v for u, v in zip(x, p, strict=True)) / total
    square = sum(u * u * v for u, v in zip(x, p, strict=True)) / total
    best, fit = math.inf, None
    log_p = [math.log(v) for v in p]
    for m in means:
        for s in stds:
            cost = 0.0
            for u, log_v in zip(x, log_p, strict=True):
                d = ((u - m) / s) ** 2 / 2
                # Left out: what q is multiplied with, as long as its logarithm is not.
                cost += math.exp(-d) / s * (-d - math.log(s) - log_v)
            if cost < best:
                best, fit = cost, [m, s]
    return [[mean, math.sqrt(square - mean**2)], fit]


def posterior(x, w, b, noise_var):
    # One coordinate of x after the other: a rank-one update of the covariance each.
    n, k = w.shape
    cov = [[float(i == j) for j in range(k)] for i in range(k)]
    means = [[0.0] * k for _ in x]
    for c in range(n):
        row = [sum(cov[i][j] * w[c, j] for j in range(k)) for i in range(k)]
        size = sum(w[c, i] * row[i] for i in range(k)) + noise_var[c]
        for mean, seen in zip(means, x, strict=True):
            miss = seen[c] - b[c] - sum(w[c, i] * mean[i] for i in range(k))
            for i in range(k):
                mean[i] += row[i] * miss / size
        cov = [[cov[i][j] - row[i] * row[j] / size for j in range(k)] for i in range(k)]
    return means, cov


def log_evidence(x, w, b, noise_var):
    weights, result = w.tolist(), []
    for row in (x - b).tolist():
        # One coordinate after the other, given those before it; the missing ones are left out.
        places = [i for i, value in enumerate(row) if not math.isnan(value)]
        covariance = [
            [
                sum(u * v for u, v in zip(weights[i], weights[j], strict=True))
                + (noise_var[i] if i == j else 0)
                for j in places
            ]
            for i in places
        ]
        root = cholesky(covariance)
        solved, total = [], 0.0
        for line, i in zip(root, places, strict=True):
            value = row[i] - sum(u * v for u, v in zip(line, solved, strict=False))
            solved.append(value / line[-1])
            total += math.log(2 * math.pi) + 2 * math.log(line[-1]) + solved[-1] ** 2
        result.append(-total / 2)
    return result


def elbo(x, w, b, noise_var, mean, cov):
    n, k = w.shape
    log_det = sum(2 * math.log(row[-1]) for row in cholesky(cov.tolist()))
    result = []
    for row, guess in zip(x, mean, strict=True):
        bound = (log_det + k) / 2
        for i in range(k):
            bound -= (cov[i, i] + guess[i] ** 2) / 2
        for c in range(n):
            miss = row[c] - b[c] - sum(w[c, i] * guess[i] for i in range(k))
            spread = sum(w[c, i] * cov[i, j] * w[c, j] for i in range(k) for j in range(k))
            bound -= math.log(2 * math.pi * noise_var[c]) / 2
            bound -= (miss**2 + spread) / (2 * noise_var[c])
        result.append(bound)
    return result


def best_diagonal(cov, groups):
    # With coordinate i last, the factor's last entry is its deviation given all the others.
    k = len(cov)
    precisions = []
    for i in range(k):
        order = [j for j in range(k) if j != i] + [i]
        root = cholesky([[cov[a, b] for b in order] for a in order])
        precisions.append(root[-1][-1] ** -2)
    log_det = sum(2 * math.log(row[-1]) for row in cholesky(cov.tolist()))
    log_var = []
    for group in groups:
        members = [p for p, other in zip(precisions, groups, strict=True) if other == group]
        log_var.append(-math.log(sum(members) / len(members)))
    return log_var, (log_det - sum(log_var)) / 2


def log_prob_estimates(log_joint, log_q):
    bounds, log_p = [], []
    for column in (log_joint - log_q).T.tolist():
        bounds.append(sum(column) / len(column))
        top = max(column)
        log_p.append(top + math.log(sum(math.exp(v - top) for v in column) / len(column)))
    return bounds, log_p


def gradient_estimates(f, slope, mean, log_var, eps):
    k = len(mean)
    std = [math.exp(v / 2) for v in log_var]
    z = eps.copy()
    for i in range(len(eps)):
        for j in range(k):
            z[i, j] = mean[j] + std[j] * eps[i, j]
    score, path = [], []
    for e, value, slopes in zip(eps.tolist(), f(z), slope(z), strict=True):
        score.append(
            [
                [value * e[j] / std[j] for j in range(k)],
                [value * (e[j] ** 2 - 1) / 2 for j in range(k)],
            ]
        )
        path.append([list(slopes), [slopes[j] * e[j] * std[j] / 2 for j in range(k)]])
    return score, path


def mixture_elbo(x, weights, means, stds, q):
    result = []
    for value, guess in zip(x, q, strict=True):
        bound = 0.0
        for p, w, m, s in zip(guess, weights, means, stds, strict=True):
            if p == 0:
                continue
            log_density = -math.log(s) - math.log(2 * math.pi) / 2 - ((value - m) / s) ** 2 / 2
            bound += p * (math.log(w) + log_density - math.log(p))
        result.append(bound)
    return result
