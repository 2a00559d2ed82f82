# Installs the packages of FOLDER/package-lock.json unless they are there: node_modules keeps a copy of the lock it came
# from.
set(folder ${FOLDER})
set(stamp ${folder}/node_modules/.amethyst-lock)
file(SHA256 ${folder}/package-lock.json lock)
set(installed "")
if(EXISTS ${stamp})
  file(READ ${stamp} installed)
endif()
if(installed STREQUAL lock)
  return()
endif()
execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --no-progress WORKING_DIRECTORY ${folder}
                RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "npm ci failed (above): tests need the packages of ${folder}/package-lock.json")
endif()
file(WRITE ${stamp} ${lock})
