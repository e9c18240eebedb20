import type { Metric, Registry } from 'prom-client'
import type { MetricFamily } from '../../shared/metrics.ts'

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

const createRegistry = async (families: MetricFamily[]): Promise<Registry> => {
  const { Registry: Writer } = await import('prom-client')
  const registry = new Writer()
  for (const { name, help, type, read } of families) {
    // As its own metrics look to a registry: what it writes comes from `get`.
    const metric = { name, get: async () => ({ name, help, type, values: read(), aggregator: 'sum' }) }
    registry.registerMetric(metric as unknown as Metric)
  }
  return registry
}

/** Writes all families in the text format of Prometheus. The library is loaded with the first call: most servers get none. */
export const createMetricsText = (families: MetricFamily[]): (() => Promise<string>) => {
  let registry: Promise<Registry> | undefined
  return async () => (await (registry ??= createRegistry(families))).metrics()
}
