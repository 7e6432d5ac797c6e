// Does RudderStack's library for Node.js work as it is?
const Rudder = require('@rudderstack/rudder-sdk-node')

const rudder = new (Rudder.default || Rudder)(process.env.WRITE_KEY, {
  dataPlaneUrl: process.env.RAPPORT_URL, flushAt: 1, gzip: true,
})
rudder.track({ userId: 'rudder-node', event: 'Clicked', properties: { button: 'buy' } })
rudder.flush((error) => {
  if (error) console.error(error)
  setTimeout(() => process.exit(error ? 1 : 0), 500)
})
