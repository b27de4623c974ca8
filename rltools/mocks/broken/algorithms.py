"""The list of all algorithms with a mistake, each with the checks that find it."""

from rltools.mocks.broken import algorithm_acting, algorithm_learning, algorithm_loops

ALGORITHMS = (
    algorithm_acting.ReturnsOneAction,
    algorithm_acting.ReturnsFloats,
    algorithm_acting.ExpectsEveryEnd,
    algorithm_acting.IsOffByOne,
    algorithm_acting.EvaluatesOutOfSpace,
    algorithm_acting.KnowsNoSubsets,
    algorithm_acting.KeepsMemory,
    algorithm_acting.ForgetsAtTheEnd,
    algorithm_acting.MixesMemories,
    algorithm_acting.KnowsItsPlace,
    algorithm_acting.LearnsInEvaluation,
    algorithm_acting.CountsInEvaluation,
    algorithm_learning.BootstrapsAfterTermination,
    algorithm_learning.NeverLearnsValues,
    algorithm_learning.IgnoresObservationInValue,
    algorithm_learning.IgnoresDiscount,
    algorithm_learning.LearnsForNextObservation,
    algorithm_learning.TakesTruncationForTermination,
    algorithm_learning.TurnsAdvantageAround,
    algorithm_learning.IgnoresObservationInPolicy,
    algorithm_loops.StepsOnAfterTruncation,
    algorithm_loops.NeverSteps,
    algorithm_loops.SendsWrongActions,
    algorithm_loops.ActsOutOfSpace,
    algorithm_loops.ActsByTheLastObservation,
    algorithm_loops.LearnsInAct,
    algorithm_loops.LearnsNoActions,
)
