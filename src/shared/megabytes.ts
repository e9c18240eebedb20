/** Bytes for people: `1.5 MB`. */
export const toMegabytes = (bytes: number): string => `${Math.round(bytes / 100_000) / 10} MB`
