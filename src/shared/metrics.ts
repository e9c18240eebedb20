export interface Sample {
  value: number
  labels: Record<string, string | number>
  /** Where it differs from that of the family, as for buckets. */
  metricName?: string
}

/** All samples of one name, in the terms of Prometheus. `read` is called when somebody asks. */
export interface MetricFamily {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  read(): Sample[]
}

export interface RequestOutcome {
  method: string
  /** The pattern, never a path: each label value costs memory for good. */
  route: string
  status: number
  seconds: number
}

/**
 * Counts what happens, in a tenth of a microsecond: counters of prom-client take five times as long, which is a twentieth
 * of a whole small request, and loading it takes more memory than all counters.
 */
export interface Metrics {
  request(outcome: RequestOutcome): void
  /** A server answered an outgoing request: its headers are there. `policy`: `provider` or `public`. */
  upstreamAnswer(answer: { policy: string; seconds: number }): void
  /** An outgoing request failed, before or after the headers; `kind` as in `UpstreamError`. */
  upstreamFailure(policy: string, kind: string): void
  families: MetricFamily[]
}

/** Seconds. From a small read to a model that thinks before it says anything. */
const bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60]
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const statusClasses = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx']

const zeros = (length: number): number[] => Array.from({ length }, () => 0)
const increment = (counts: number[], index: number) => {
  counts[index] = (counts[index] ?? 0) + 1
}

const createDurations = () => {
  /** By bucket, the last one for all that took longer. */
  const counts = zeros(bounds.length + 1)
  let sum = 0
  return {
    add(seconds: number) {
      const bucket = bounds.findIndex((bound) => seconds <= bound)
      increment(counts, bucket < 0 ? bounds.length : bucket)
      sum += seconds
    },
    /** Each bucket with those before it. */
    read(name: string, labels: Sample['labels']): Sample[] {
      let total = 0
      const buckets = counts.map((count, index) => {
        total += count
        return { metricName: `${name}_bucket`, value: total, labels: { le: bounds[index] ?? '+Inf', ...labels } }
      })
      const rest = { [`${name}_sum`]: sum, [`${name}_count`]: total }
      return [...buckets, ...Object.entries(rest).map(([metricName, value]) => ({ metricName, value, labels }))]
    },
  }
}

/** A value for each combination of two labels, which are few. */
const createPairs = <Value>(create: () => Value) => {
  const values = new Map<string, Map<string, Value>>()
  const add = (one: string, other: string): Value => {
    const value = create()
    const ofOne = values.get(one) ?? new Map<string, Value>()
    values.set(one, ofOne.set(other, value))
    return value
  }
  return {
    at: (one: string, other: string): Value => values.get(one)?.get(other) ?? add(one, other),
    flatMap: <Result>(map: (one: string, other: string, value: Value) => Result[]): Result[] =>
      [...values].flatMap(([one, ofOne]) => [...ofOne].flatMap(([other, value]) => map(one, other, value))),
  }
}

export const createMetrics = (): Metrics => {
  const requests = createPairs(() => ({ statuses: zeros(statusClasses.length), durations: createDurations() }))
  const answers = createPairs(createDurations)
  const failures = createPairs(() => ({ count: 0 }))
  const [durationName, answerName] = ['http_request_duration_seconds', 'upstream_response_seconds']
  return {
    request({ method, route, status, seconds }) {
      const { statuses, durations } = requests.at(route, methods.has(method) ? method : 'other')
      increment(statuses, Math.floor(status / 100))
      durations.add(seconds)
    },
    upstreamAnswer: ({ policy, seconds }) => answers.at(policy, '').add(seconds),
    upstreamFailure: (policy, kind) => void failures.at(policy, kind).count++,
    families: [
      {
        name: 'http_requests_total',
        help: 'Answered requests by route pattern and class of the status',
        type: 'counter',
        read: () =>
          requests.flatMap((route, method, { statuses }) =>
            statuses.flatMap((value, index) =>
              value > 0 ? [{ value, labels: { method, route, status: statusClasses[index] ?? 'other' } }] : [],
            ),
          ),
      },
      {
        name: durationName,
        help: 'Time until the answer was handed over; event streams go on after it',
        type: 'histogram',
        read: () => requests.flatMap((route, method, { durations }) => durations.read(durationName, { method, route })),
      },
      {
        name: answerName,
        help: 'Time until the headers of model servers (provider) and other servers (public), without background jobs',
        type: 'histogram',
        read: () => answers.flatMap((policy, _, durations) => durations.read(answerName, { policy })),
      },
      {
        name: 'upstream_failures_total',
        help: 'Failed outgoing requests by kind, without background jobs',
        type: 'counter',
        read: () => failures.flatMap((policy, kind, { count }) => [{ value: count, labels: { policy, kind } }]),
      },
    ],
  }
}
