/** Areas in the order of the page. A path belongs to the first one whose pattern it fits. */
const areas: { name: string; description: string; path: RegExp }[] = [
  { name: 'auth', description: 'Accounts and sessions', path: /^\/api\/v1\/auth\b/ },
  { name: 'settings', description: 'Setting definitions and values', path: /^\/api\/v1\/settings\b/ },
  { name: 'plugins', description: 'Plugins and their modules', path: /^\/api\/v1\/(public\/)?plugins\b/ },
  { name: 'plugin-state', description: 'What plugins remember', path: /^\/api\/v1\/plugin-state\b/ },
  { name: 'pages', description: 'Pages that users build', path: /^\/api\/v1\/pages\b/ },
  { name: 'navigation', description: 'Navigation routes and their tree', path: /^\/api\/v1\/navigation-routes\b/ },
  { name: 'components', description: 'Reusable components', path: /^\/api\/v1\/components\b/ },
  { name: 'tags', description: 'Tags of conversations', path: /^\/api\/v1\/(tags\b|users\/\{[^}]+\}\/tags\b)/ },
  {
    name: 'conversations',
    description: 'Conversations and their messages',
    path: /^\/api\/v1\/(conversations|users)\b/,
  },
  { name: 'personas', description: 'Reusable prompts and model settings', path: /^\/api\/v1\/personas\b/ },
  { name: 'ai', description: 'Model providers, chat and generation', path: /^\/api\/v1\/ai\b/ },
  { name: 'jobs', description: 'Work in the background', path: /^\/api\/v1\/jobs\b/ },
  { name: 'ollama', description: 'Models of an Ollama server', path: /^\/api\/v1\/ollama\b/ },
  { name: 'documents', description: 'Text of uploaded documents', path: /^\/api\/v1\/documents\b/ },
  { name: 'web-search', description: 'Web search and page text', path: /^\/api\/v1\/searxng\b/ },
  { name: 'system', description: 'Health and diagnostics', path: /^\// },
]

export const tagOf = (path: string): string => areas.find((area) => area.path.test(path))?.name ?? 'system'

/** The tags of these names, in the order of the page. */
export const describeTags = (names: Set<string>) =>
  areas.filter(({ name }) => names.has(name)).map(({ name, description }) => ({ name, description }))

const toWords = (segment: string) =>
  segment
    .replaceAll(/[{}]/g, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
const capitalize = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
const toName = (segment: string) =>
  (segment.startsWith('{') ? ['By'] : []).concat(toWords(segment).map(capitalize)).join('')

/** `GET /api/v1/jobs/{jobId}/logs` is `getJobsByJobIdLogs`. */
export const toOperationId = (method: string, path: string): string => {
  const segments = path
    .replace(/^\/api\/v1\//, '/')
    .split('/')
    .filter(Boolean)
  return method.toLowerCase() + segments.map(toName).join('')
}
