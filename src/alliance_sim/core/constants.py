"""Fixed numbers of the mechanisms: what moves little in every bundled scenario, or what nothing can tell apart.

Each is judgement where nothing else is said; "A 5" is paragraph 5 of document A. What users may vary, and what is
drawn, is in the registry of parameters.
"""

HALF_LIFE_ANCHOR = 48.0  # months; strategies are rewritten every four years
DOCUMENT_ANCHOR = 0.8  # share of the drift of U.S. institutions that documents in force prevent; B 8, judgement
EROSION_RATE = 0.03  # a month and unit of conciliation; drift of institutions to the president; B 8, judgement
HALF_LIFE_SUPPORT = 4.0  # months; B 6 (short term)
SUPPORT_GAIN = 0.25  # domestic support per unit of conciliation at a summit; B 6, judgement
AUTONOMY_GAIN_SUPPORT = 0.2  # autonomy per unit of domestic support; B 6, judgement
AUTONOMY_LOSS_CRITICISM = 0.25  # autonomy lost per unit of criticism; B 4, B 6, judgement
HALF_LIFE_CRITICISM = 6.0  # months; B 4 (from autumn to early next year)
CRITICISM_THRESHOLD = 0.12  # criticism from which a follow-up is put off; B 4, judgement
DEPRECIATION = 0.0125  # a month; turnover of military capability; judgement
COMMITMENT_SPEED = 0.12  # a month; speed of the U.S. commitment; judgement
COMMITMENT_LOSS_POSTURE = 0.3  # commitment lost per change of the U.S. position on posture; judgement
CONDUCT_RESPONSE_EXPOSURE = 0.75  # further response of the exposed to Russia; spending against distance in 2024
STANDING_WEIGHT = 0.65  # exponent of standing in the weight of a voice; judgement
COUPLING = 0.15  # pull of the position on the Russia strategy on other issues; B 10-11, judgement
HALF_LIFE_PRESSURE = 7.0  # months; pressure over spending; judgement
PURCHASES = 0.65  # spending per aid that makes up for U.S. aid, since it has to be bought; A 5, judgement
FATIGUE_SPENDING = 0.25  # % of GDP; spending lost to fatigue; A 5, judgement
SD_OUTPUT = 0.025  # a year; output that budgets did not foresee; forecasts err by a few per cent
COMPENSATION_CAPACITY = 0.6  # share of a U.S. cut that the others would make up for untired; A 5, judgement
COMPENSATION_INTELLIGENCE = 0.25  # the same of intelligence support; A 4-5, judgement
FATIGUE_RECOVERY = 0.03  # a month; judgement
RESISTANCE_RATE = 0.1  # a month; judgement
INITIAL_CONCESSION = 0.3  # pressure on Ukraine to concede at the start; judgement
CONCESSION_RATE = 0.2  # a month; judgement
FORWARD_SHARE = 0.3  # share of U.S. capability that counts in Europe; U.S. troops in Europe, judgement
READ_ERROR = 0.03  # a month; error of Moscow in reading weakness; judgement
FAILURE_SIGNAL = 0.05  # weakness read into an open failure; judgement
HALF_LIFE_FAILURE = 4.0  # months; judgement
HALF_LIFE_DEMANDS = 8.0  # months; judgement
RESISTANCE_COST = 0.2  # assertiveness lost per resistance; judgement
HYBRID_GAIN = 0.06  # threat per hybrid campaign; judgement
WAR_RATE = 0.06  # a month; judgement
WAR_CAPACITY = 0.25  # intensity of the war lost per resistance; A 2, judgement
NORM_SPEED = 0.2  # a month; norms follow what was adopted; judgement
CROSS_FORUM = 0.3  # weight of Washington where it has no seat; judgement
BYPASS_RATE = 0.5  # chance to work around a block, times the standing behind the text; record, judgement
BYPASS_SHARE = 0.5  # share of the text that a bypass carries out; judgement
ABSTENTION = 0.05  # further loss that an abstaining ally accepts; judgement
EXERCISE_THRESHOLD = 0.5  # position from which an ally takes part in exercises; B 12, judgement
ITEMS_PER_SESSION = 2.0  # contested items that a session can decide; A 3, judgement
QUIET_FAILURE = 0.2  # open failures that a withdrawal counts as; A 1 (dropped before it was tabled), judgement
TABLED_AGAIN = 0.3  # chance at each later meeting of the forum that a failed text comes up; record, judgement
