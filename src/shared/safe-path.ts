const MAX_SEGMENT_BYTES = 255
const MAX_PATH_BYTES = 1024

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const SPECIAL_ON_WINDOWS = /[\\:*?"<>|]/
const DEVICE_ON_WINDOWS = /^(?:con|prn|aux|nul|(?:com|lpt)[\d¹²³])(?:\.|$)/i

/**
 * Says why a relative path with `/` between its names must not be created below a folder, in words that follow "the path
 * …", or undefined when it may. The rules are those of all systems at once, so that a package means the same everywhere
 * and no name is understood as another one (`.. ` or `a:b` on Windows, `‥` after normalisation).
 */
export const findPathFault = (path: string, maxDepth: number): string | undefined => {
  if (path.startsWith('/')) return 'is absolute'
  if (CONTROL.test(path)) return 'contains control characters'
  if (!path.isWellFormed() || path.includes('\uFFFD')) return 'is not valid text'
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`
  const segments = path.split('/')
  if (segments.length > maxDepth) return `is nested deeper than ${maxDepth} folders`
  for (const segment of segments) {
    const fault = findSegmentFault(segment)
    if (fault) return fault
  }
  return undefined
}

/** One spelling for all paths that some file system takes for the same: letter case and Unicode forms are folded. */
export const foldPath = (path: string): string => path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')

/** A path as it may stand in a message or a log line, whatever it holds. */
export const quotePath = (path: string): string => {
  const shown = path.replace(/[\p{C}\p{Z}]/gu, (character) => (character === ' ' ? ' ' : '?'))
  return `"${shown.length > 100 ? `${shown.slice(0, 100)}…` : shown}"`
}

const findSegmentFault = (segment: string): string | undefined => {
  if (segment === '') return 'has an empty name in it'
  if (isStep(segment) || isStep(segment.normalize('NFKC'))) return 'leads to another folder'
  if (SPECIAL_ON_WINDOWS.test(segment)) return 'contains a character that is not allowed in file names'
  if (segment.endsWith('.') || segment.endsWith(' ')) return 'has a name that ends in a dot or space'
  if (DEVICE_ON_WINDOWS.test(segment)) return 'has a name that is reserved for a device'
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `has a name longer than ${MAX_SEGMENT_BYTES} bytes`
  return undefined
}

const isStep = (segment: string): boolean =>
  segment === '.' || segment === '..' || segment.includes('/') || segment.includes('\\')
