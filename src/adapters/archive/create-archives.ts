import { toArchiveFailure } from './archive-failure.ts'
import { detectArchive } from './detect-archive.ts'
import { extractTarGz } from './tar.ts'
import type { Archives, ExtractRequest } from './types.ts'
import { extractZip } from './zip.ts'

const extractors = { zip: extractZip, 'tar.gz': extractTarGz }

/** Makes what unpacks archives. */
export const createArchives = (): Archives => ({
  detect: detectArchive,
  extract: async (request: ExtractRequest) => {
    try {
      return await extractors[request.kind](request)
    } catch (error) {
      throw toArchiveFailure(error, request.signal)
    }
  },
})
