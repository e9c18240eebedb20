import type { Release, ReleaseAsset } from './types.ts'

const MAX_ASSETS = 1000
const ARCHIVE_NAME = /\.(?:tar\.gz|tgz|zip)$/i

/** GitHub's JSON as a release, or undefined when it is none. Assets that are not complete are left out. */
export const parseRelease = (json: unknown, repo: string): Release | undefined => {
  if (!isRecord(json)) return undefined
  const { tag_name: tag, tarball_url: tarballUrl, published_at: publishedAt, assets: listed } = json
  if (typeof tag !== 'string' || tag === '' || typeof tarballUrl !== 'string') return undefined
  const assets = (Array.isArray(listed) ? listed.slice(0, MAX_ASSETS) : []).flatMap(parseAsset)
  const source = { name: `${repo}-${tag}.tar.gz`, url: tarballUrl, isSource: true }
  const asset = assets.find(({ name }) => ARCHIVE_NAME.test(name))
  const archive = asset ? { name: asset.name, url: asset.url, isSource: false } : source
  return { tag, publishedAt: typeof publishedAt === 'string' ? publishedAt : null, assets, tarballUrl, archive }
}

const parseAsset = (json: unknown): ReleaseAsset[] => {
  if (!isRecord(json)) return []
  const { name, browser_download_url: url, size, state } = json
  // An upload that broke off stays listed in another state, and cannot be downloaded.
  if (typeof name !== 'string' || typeof url !== 'string' || (state ?? 'uploaded') !== 'uploaded') return []
  return [{ name, url, sizeBytes: typeof size === 'number' ? size : 0 }]
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
