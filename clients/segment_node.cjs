// An event through Segment's library and a decision through fetch, from Node.js.
const { Analytics } = require('@segment/analytics-node')

const url = process.env.RAPPORT_URL
const fail = (error) => { console.error(error); process.exit(1) }

async function main() {
  const analytics = new Analytics({ writeKey: process.env.WRITE_KEY, host: url, path: '/v1/batch' })
  analytics.on('error', fail)
  analytics.identify({ userId: 'segment-node', traits: { plan: 'pro' } })
  analytics.track({ userId: 'segment-node', event: 'Product Viewed', properties: { product_id: 'p1' } })
  await analytics.closeAndFlush({ timeout: 10000 })

  const answer = await fetch(`${url}/v1/decide`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${process.env.SERVER_KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ decision: 'recommend', userId: 'segment-node', n: 5 }),
  })
  if (!answer.ok) fail(await answer.text())
  console.log(await answer.json())
}

main().catch(fail)
