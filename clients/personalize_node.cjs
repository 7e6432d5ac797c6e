// Recommendations and events through Amazon's own client, unmodified, from Node.js.
const assert = require('node:assert')
const { PersonalizeRuntimeClient, GetRecommendationsCommand, GetPersonalizedRankingCommand } = require('@aws-sdk/client-personalize-runtime')
const { PersonalizeEventsClient, PutEventsCommand } = require('@aws-sdk/client-personalize-events')

const fail = (error) => { console.error(error); process.exit(1) }

async function main() {
  const access = {
    endpoint: process.env.RAPPORT_URL,
    region: 'eu-central-1',
    credentials: { accessKeyId: process.env.SERVER_KEY, secretAccessKey: 'unused' },
    maxAttempts: 1,
  }
  const runtime = new PersonalizeRuntimeClient(access)
  const campaignArn = 'arn:aws:personalize:eu-central-1:123456789012:campaign/home'
  const told = { eventType: 'Click', itemId: 'personalize-node-tea', sentAt: new Date() }
  const events = new PersonalizeEventsClient(access)
  await events.send(new PutEventsCommand({ trackingId: 't', userId: 'personalize-node', sessionId: 's', eventList: [told] }))
  const answer = await runtime.send(new GetRecommendationsCommand({ campaignArn, userId: 'personalize-node', numResults: 5 }))
  assert.ok(Array.isArray(answer.itemList) && answer.recommendationId)
  const inputList = ['personalize-node-tea', 'other']
  const ranked = await runtime.send(new GetPersonalizedRankingCommand({ campaignArn, userId: 'personalize-node', inputList }))
  assert.equal(ranked.personalizedRanking.length, 2)
  await assert.rejects(runtime.send(new GetRecommendationsCommand({ campaignArn })), { name: 'InvalidInputException' })
}

main().catch(fail)
