"""How it is said in Gherkin: the pytest plugin, the collector of feature files, and the step definitions.

plugin      options, exit status, terminal table, Allure; loaded by pytest through an entry point
collector   turns a ``.feature`` file into scenarios to run, and refuses those that could pass blindly
phrases     words of scenarios (durations, lists of items, tables) as data
car, time, leaving, retention, switches, uplinks
            step definitions, one module a domain noun
"""
