// Do the Node.js clients of Segment and RudderStack work as they are?
const { Analytics } = require('@segment/analytics-node')
const Rudder = require('@rudderstack/rudder-sdk-node')

const url = process.env.RAPPORT_URL
const fail = (error) => { console.error(error); process.exit(1) }

async function main() {
  const segment = new Analytics({ writeKey: 'client-write-key', host: url, path: '/v1/batch' })
  segment.on('error', fail)
  segment.identify({ userId: 'segment-node', traits: { plan: 'pro' } })
  segment.track({ userId: 'segment-node', event: 'Clicked', properties: { button: 'buy' } })
  await segment.closeAndFlush({ timeout: 10000 })

  const rudder = new (Rudder.default || Rudder)('client-write-key', { dataPlaneUrl: url, flushAt: 1, gzip: true })
  rudder.track({ userId: 'rudder-node', event: 'Clicked', properties: { button: 'buy' } })
  rudder.flush((error) => (error ? fail(error) : setTimeout(() => process.exit(0), 500)))
}

main().catch(fail)
