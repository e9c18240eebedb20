import type { ArchiveLimits } from '../../../adapters/archive/types.ts'
import type { GitLimits } from '../../../adapters/git/types.ts'

const megabyte = 1024 * 1024
const tree = { entries: 10_000, depth: 32, fileBytes: 50 * megabyte }

export const archiveLimits: ArchiveLimits = { ...tree, totalBytes: 300 * megabyte, ratio: 200 }

/** Lower than for archives: a check-out happens in memory. */
export const gitLimits: GitLimits = {
  ...tree,
  fileBytes: 16 * megabyte,
  receivedBytes: 30 * megabyte,
  totalBytes: 100 * megabyte,
  timeMs: 60_000,
  idleMs: 30_000,
}

export const downloadLimits = { timeMs: 300_000, idleMs: 30_000 }

/** Of each file that says what a plugin is. */
export const maxMetadataBytes = megabyte
