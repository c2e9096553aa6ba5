// Natural ids make the bundle's bytes independent of the folder it is built in, so that a rebuild can be compared.
module.exports = { optimization: { moduleIds: 'natural' } };
