/** What a release is built for, in the words of `bun build --target=bun-…`. */
export const releaseTargets = [
  'linux-x64',
  // Bun 1.4 has one runtime for all x64 processors; scripts that ask for the old name still find it.
  'linux-x64-baseline',
  'linux-x64-musl',
  'linux-arm64',
  'linux-arm64-musl',
  'darwin-arm64',
  'darwin-x64',
  'windows-x64',
] as const

export type ReleaseTarget = (typeof releaseTargets)[number]

export const executableName = (target: ReleaseTarget): string =>
  `braindrive-${target}${target.startsWith('windows') ? '.exe' : ''}`

export const sbomName = 'braindrive.cdx.json'
export const checksumsName = 'SHA256SUMS'
