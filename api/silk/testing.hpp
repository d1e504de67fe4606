// testing: programs in every order of events. Not part of silk.hpp.
#pragma once

#include "explore.hpp"
#include "simulate.hpp"
