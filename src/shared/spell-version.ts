/** The tags that a version may be published as: as written, then with the `v` in front added or removed. */
export const spellVersion = (version: string): string[] => {
  if (/^v\d/i.test(version)) return [version, version.slice(1)]
  return /^\d/.test(version) ? [version, `v${version}`] : [version]
}
