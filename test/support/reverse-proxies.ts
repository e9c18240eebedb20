import { join } from 'node:path'
import { readmeBlocks } from './readme.ts'
import { LOOPBACK_ADDRESSES, TEST_CA } from './tls-certificates.ts'

/** Names and ports of the README, and what this machine has instead. */
interface Place {
  folder: string
  /** Where the proxy shall listen. */
  port: number
  /** Of the server behind it. */
  serverPort: string
}

export interface ProxyRecipe {
  program: string
  /** Whether the README's block is the one below a path. */
  isBelowPath: boolean
  /** Writes the README's text with what belongs around it; gives the arguments of the program. */
  configure(place: Place): Promise<string[]>
}

const blockOf = (language: string, word: string): string => {
  const block = readmeBlocks().find((one) => one.language === language && one.text.includes(word))
  if (!block) throw new Error(`the README has no block of ${language} with ${word}`)
  return block.text
}

const replaceAll = (text: string, pairs: [from: string, to: string][]): string =>
  pairs.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`"${from}" is not in the block of the README`)
    return result.replaceAll(from, to)
  }, text)

const saveCertificate = async (folder: string) => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await Bun.write(cert, LOOPBACK_ADDRESSES.cert)
  await Bun.write(key, LOOPBACK_ADDRESSES.key)
  return { cert, key }
}

const configureNginx = async ({ folder, port, serverPort }: Place, location: string) => {
  const { cert, key } = await saveCertificate(folder)
  const server = replaceAll(blockOf('nginx', 'server {'), [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/ssl/brain.example.pem', cert],
    ['/etc/ssl/brain.example.key', key],
    ['127.0.0.1:8005', `127.0.0.1:${serverPort}`],
    ['location / {', `location ${location} {`],
  ])
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const file = join(folder, 'nginx.conf')
  await Bun.write(
    file,
    `daemon off; master_process off; pid ${folder}/pid; events {}
    http { access_log off; ${temporary.join(' ')} ${server} }`,
  )
  return ['nginx', '-e', 'stderr', '-c', file]
}

const configureCaddy = async ({ folder, port, serverPort }: Place, site: string) => {
  const { cert, key } = await saveCertificate(folder)
  const text = replaceAll(blockOf('caddyfile', site), [
    [`${site} {`, `https://127.0.0.1:${port} {\n\ttls ${cert} ${key}`],
    ['127.0.0.1:8005', `127.0.0.1:${serverPort}`],
  ])
  const file = join(folder, 'Caddyfile')
  await Bun.write(
    file,
    `{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system ${folder}/caddy\n}\n${text}`,
  )
  return ['caddy', 'run', '--adapter', 'caddyfile', '--config', file]
}

/** The README's text on reverse proxies. */
export const proxyRecipes: ProxyRecipe[] = [
  { program: 'nginx', isBelowPath: false, configure: (place) => configureNginx(place, '/') },
  { program: 'nginx', isBelowPath: true, configure: (place) => configureNginx(place, '/brain/') },
  { program: 'caddy', isBelowPath: false, configure: (place) => configureCaddy(place, 'brain.example') },
  { program: 'caddy', isBelowPath: true, configure: (place) => configureCaddy(place, 'home.example') },
]

/** Debian keeps servers where users do not look. */
export const findProgram = (name: string): string | null =>
  Bun.which(name, { PATH: `${process.env['PATH']}:/usr/sbin` })

/** For a program that cannot be told to take any. */
export const freePort = async (): Promise<number> => {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port = 0 } = server
  await server.stop(true)
  return port
}

/** Starts a reverse proxy as the README says, in front of the server at the address, and waits until it answers. */
export const startProxy = async (recipe: ProxyRecipe, folder: string, serverUrl: string) => {
  const port = await freePort()
  const [program = '', ...args] = await recipe.configure({ folder, port, serverPort: new URL(serverUrl).port })
  const child = Bun.spawn([findProgram(program) ?? program, ...args], {
    env: { PATH: process.env['PATH'], HOME: folder },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const errors = new Response(child.stderr).text()
  const origin = `https://127.0.0.1:${port}`
  const send = (path: string, options: RequestInit = {}) => fetch(origin + path, { ...options, tls: { ca: TEST_CA } })
  const isUp = () =>
    send('/').then(
      () => true,
      () => false,
    )
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`${recipe.program} ended with ${child.exitCode}: ${await errors}`)
    await Bun.sleep(50)
  }
  return {
    send,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await child.exited
    },
  }
}
