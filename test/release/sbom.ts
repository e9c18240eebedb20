import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'
import { PackageURL } from 'packageurl-js'
import parseSpdxExpression from 'spdx-expression-parse'
import type { BundledPackage } from './bundled-packages.ts'

const licenses = new Contrib.License.Factories.LicenseFactory(parseSpdxExpression)
const { Builders, Factories, Utils } = Contrib.FromNodePackageJson
const builder = new Builders.ComponentBuilder(new Factories.ExternalReferenceFactory(), licenses)

const purlOf = (name: string, version: string): string => {
  const [scope, rest] = name.startsWith('@') ? name.split('/') : [undefined, name]
  return new PackageURL('npm', scope, rest, version, undefined, undefined).toString()
}

const toComponent = (one: BundledPackage, type = Enums.ComponentType.Library): Models.Component => {
  const { manifest, integrity } = one
  const component = builder.makeComponent(manifest, type)
  if (!component) throw new Error(`${manifest.name} is not the name of a package`)
  component.purl = purlOf(manifest.name, manifest.version)
  component.bomRef.value = component.purl
  if (integrity) component.hashes.set(...Utils.parsePackageIntegrity(integrity))
  return component
}

const bunLicensePage = 'https://bun.com/docs/project/license'

/** Bun links the engine into itself, under a licence of its own; that and its smaller parts are on Bun's page. */
const bunComponent = (version: string): Models.Component => {
  const manifest = { name: 'bun', version, license: 'MIT' }
  const bun = toComponent({ manifest, integrity: undefined }, Enums.ComponentType.Platform)
  bun.description = 'JavaScript runtime, of which each executable is a copy'
  bun.externalReferences.add(new Models.ExternalReference(bunLicensePage, Enums.ExternalReferenceType.License))
  const engine = new Models.Component(Enums.ComponentType.Library, 'JavaScriptCore', {
    bomRef: `bun@${version}/JavaScriptCore`,
    licenses: new Models.LicenseRepository([licenses.makeFromString('LGPL-2.0-only')]),
    externalReferences: new Models.ExternalReferenceRepository([
      new Models.ExternalReference('https://github.com/oven-sh/WebKit', Enums.ExternalReferenceType.VCS),
    ]),
  })
  bun.components.add(engine)
  return bun
}

interface SbomOptions {
  /** Of the release itself. */
  name: string
  version: string
  bunVersion: string
  packages: BundledPackage[]
}

/** A CycloneDX document. It has no time and no number of its own, so that one source gives one text. */
export const renderSbom = ({ name, version, bunVersion, packages }: SbomOptions): string => {
  const parts = [bunComponent(bunVersion), ...packages.map((one) => toComponent(one))]
  const application = new Models.Component(Enums.ComponentType.Application, name, {
    version,
    bomRef: `${name}@${version}`,
  })
  for (const part of parts) application.dependencies.add(part.bomRef)
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: application }),
    components: new Models.ComponentRepository(parts),
  })
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6))
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`
}
