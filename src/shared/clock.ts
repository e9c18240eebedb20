/** Milliseconds since the epoch. Injected, so that tests move time instead of sleeping. */
export type Clock = () => number

export const toIso = (ms: number): string => new Date(ms).toISOString()
