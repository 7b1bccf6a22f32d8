-- What wrk sends: METHOD BODY START after its own arguments. {n} in path and body counts up from START; {row} goes round.

local method, body, start = "GET", "", 0
local rows = 1000
local path

function init(args)
   method, body, start = args[1], args[2], tonumber(args[3])
   wrk.method = method
   if body ~= "" then
      wrk.body = body
      wrk.headers["Content-Type"] = "application/json"
   end
   path = wrk.path:gsub("%%7B", "{"):gsub("%%7D", "}")
   if (path .. body):find("{%a+}") then
      function request()
         start = start + 1
         local row = start % rows + 1
         local values = { n = start, row = row }
         return wrk.format(method, (path:gsub("{(%a+)}", values)), nil, (body:gsub("{(%a+)}", values)))
      end
   end
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d, "failed": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
