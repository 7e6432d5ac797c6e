// Users, items, feedback and recommendations through Gorse's own client, unmodified, from Node.js.
const assert = require('node:assert')
const { Gorse } = require('gorsejs')

const fail = (error) => { console.error(error); process.exit(1) }

async function main() {
  const client = new Gorse({ endpoint: process.env.RAPPORT_URL, secret: process.env.SERVER_KEY })
  const now = new Date().toISOString()
  const item = { ItemId: 'gorse-node-tea', IsHidden: false, Categories: ['drinks'], Timestamp: now, Labels: ['new'], Comment: 'Tea' }
  assert.equal(await client.upsertItem(item), 1)
  assert.equal(await client.insertItemCategory('gorse-node-tea', 'hot'), 1)
  assert.deepEqual((await client.getItem('gorse-node-tea')).Categories, ['drinks', 'hot'])
  assert.equal(await client.insertUser({ UserId: 'gorse-node' }), 1)
  const said = [{ FeedbackType: 'like', UserId: 'gorse-node', ItemId: 'gorse-node-tea', Timestamp: now }]
  assert.equal(await client.insertFeedbacks(said), 1)
  assert.equal(await client.upsertFeedbacks(said), 1)
  assert.equal((await client.getFeedback({ type: 'like', userId: 'gorse-node', itemId: 'gorse-node-tea' })).ItemId, 'gorse-node-tea')
  assert.ok(Array.isArray(await client.getRecommend({ userId: 'gorse-node', cursorOptions: { n: 3 } })))
  assert.ok(Array.isArray(await client.getPopular({ cursorOptions: { n: 3 } })))
  assert.ok(Array.isArray(await client.getLatest({ cursorOptions: { n: 3 } })))
  assert.ok(Array.isArray(await client.getItemNeighbors({ itemId: 'gorse-node-tea' })))
  assert.ok(Array.isArray(await client.getSessionRecommend(said)))
}

main().catch(fail)
