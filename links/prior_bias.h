// Initialises the output bias to the class frequencies.
#pragma once

#include <vector>

#include "tenbin/links/linear.h"

namespace tenbin {

/// Sets the bias of a model's last layer so that an untrained model predicts the class frequencies:
///
///     b_c = log(n_c / N)       K outputs, for softmax
///     b   = log(n_1 / n_0)     one output and two classes, for sigmoid
///
/// The first training steps then need not learn the frequencies, and the first loss is about the entropy of
/// the frequencies rather than log K. (TensorFlow's tutorial on imbalanced data; the focal loss paper, Lin et
/// al., ICCV 2017, section 4.1: b = -log((1 - pi) / pi).) With balanced class weights, the frequencies in the
/// loss are uniform; leave the bias at 0.
///
/// The values are written in place, on b's device. Errors: a layer without bias; the number of outputs does
/// not match the number of classes; a class without samples.
///
///     set_prior_bias(model.l3, class_counts(train.t, 10));
void set_prior_bias(const Linear& output, const std::vector<std::size_t>& counts);

}  // namespace tenbin
